import { STATE } from './pair.ts';

/** Makes a state of everything that a file system can hold, as root. */
export const TANGLE = `
cd ${STATE}
mkdir -p 'a dir with spaces' empty deep/er/still
printf one > "$(printf 'a dir with spaces/new\\nline and \\t tab')"
printf two > ./--
printf two > ./-rf
printf three > "$(printf '\\xff\\xfe not utf-8')"
printf four > "it's \\"quoted\\" \\$(reboot) *"
ln -s /etc/shadow absolute; ln -s ../nowhere dangling; ln -s 'a dir with spaces' inside
printf five > deep/linked; ln deep/linked deep/er/linked-again
truncate -s 64M sparse; printf end >> sparse
mkfifo pipe
printf six > owned; chown 4242:4243 owned; chmod 2751 owned
touch -d '2001-02-03 04:05:06.123456789' owned
python3 - <<'PYTHON'
import os, socket, struct
entry = lambda tag, perm, who=0xffffffff: struct.pack('<HHI', tag, perm, who)
acl = struct.pack('<I', 2) + entry(1, 6) + entry(2, 4, 4244) + entry(4, 4) + entry(0x10, 4) + entry(0x20, 4)
os.setxattr('deep/linked', 'system.posix_acl_access', acl)
os.setxattr('empty', 'user.note', b'kept')
socket.socket(socket.AF_UNIX).bind('socket')
PYTHON
`;

/** One line for each thing in the state: everything about it but the moment at which its inode changed. */
export const FINGERPRINT = `
cd ${STATE}
python3 - <<'PYTHON'
import hashlib, os, stat
for folder, folders, files in os.walk(b'.'):
    folders.sort()
    for name in sorted(folders + files):
        path = os.path.join(folder, name)
        s = os.lstat(path)
        if stat.S_ISSOCK(s.st_mode) or path == b'./stops' or path == b'./ledger': continue
        kind = oct(s.st_mode)
        content = os.readlink(path) if stat.S_ISLNK(s.st_mode) else b''
        if stat.S_ISREG(s.st_mode): content = hashlib.sha256(open(path, 'rb').read()).hexdigest().encode()
        marks = [] if stat.S_ISLNK(s.st_mode) else [(m, os.getxattr(path, m)) for m in sorted(os.listxattr(path))]
        size = 0 if stat.S_ISDIR(s.st_mode) else s.st_size
        links = 0 if stat.S_ISDIR(s.st_mode) else s.st_nlink
        print(path, kind, s.st_uid, s.st_gid, size, links, s.st_mtime_ns, content, marks, s.st_blocks < 1000)
PYTHON
`;
