/** A machine as one that can be logged in on. */
export interface Door {
  readonly release: string;
  readonly address: string;
  /** "SHA256:…": the one host key that it may show. */
  readonly hostKey: string;
}

/** Port: logging in as deploy, to say who else may. */
export interface Logins {
  /** With the private key at `path`. @throws {AnnyError} MACHINE_UNREACHABLE when it is not let in. */
  open(door: Door, path: string): Promise<Login>;
}

/** One key at a time, each in one write: whoever changes another one meanwhile, from another environment, is not overwritten. */
export interface Login {
  /** Public keys that may log in, as they stand there. */
  keys(): Promise<readonly string[]>;
  /** Nothing is done when it is there already. */
  add(key: string): Promise<void>;
  /** Refused for the last one. Nothing is done when it is not there. */
  remove(key: string): Promise<void>;
  close(): Promise<void>;
}

export async function withLogin<T>(
  logins: Logins,
  { door, path }: { readonly door: Door; readonly path: string },
  use: (login: Login) => Promise<T>,
): Promise<T> {
  const login = await logins.open(door, path);
  try {
    return await use(login);
  } finally {
    await login.close();
  }
}
