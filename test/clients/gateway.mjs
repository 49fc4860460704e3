// Where the gateway under test answers.
import assert from 'node:assert/strict';

assert(process.env.GATEWAY, 'GATEWAY must be the address of a gateway, as in http://localhost:8000');
export const gateway = process.env.GATEWAY;
