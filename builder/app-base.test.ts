import { expect, test } from 'vitest';
import { lastBase } from './app-base.ts';

test.each([
  ['one stage', 'FROM node:24-slim\nRUN true\n', 'node:24-slim'],
  ['the last of several', 'FROM golang:1 AS build\nFROM debian:12\nCOPY --from=build /a /a\n', 'debian:12'],
  ['a stage of its own', 'FROM python:3.12 AS base\nFROM base AS deps\nFROM Base\n', 'python:3.12'],
  ['a flag, in small letters', 'from --platform=$BUILDPLATFORM node:24 as x\n', 'node:24'],
  ['an argument with a default', `ARG V=24\nARG KIND="-slim"\nFROM node:\${V}\${KIND}\n`, 'node:24-slim'],
  ['an argument that is given', 'ARG BASE=node\nFROM $BASE\n', 'own/base:1'],
  ['an argument without any value', `ARG V\nFROM node:\${V:-22}\${V:+-x}\n`, 'node:22'],
  ['a line that goes on, with a remark in it', 'FROM \\\n  # why\n  node:24\n', 'node:24'],
  ['a text that looks like one', 'FROM node:24\nRUN <<EOF\nFROM table\nEOF\nUSER 1\n', 'node:24'],
])('an app stands on what its last stage does: %s', (_what, dockerfile, base) => {
  expect(lastBase(dockerfile, { BASE: 'own/base:1' })).toBe(base);
});

test('an app may stand on nothing', () => {
  expect(lastBase('FROM golang:1 AS build\nFROM scratch\n', {})).toBeUndefined();
  expect(lastBase('', {})).toBeUndefined();
});

test('an argument of a stage is not one of the next FROM', () => {
  expect(lastBase('ARG V=1\nFROM a AS one\nARG V=2\nFROM b:$V\n', {})).toBe('b:1');
});
