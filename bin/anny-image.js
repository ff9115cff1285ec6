#!/usr/bin/env node
import { launch } from './launch.js';

await launch('builder/anny-image');
