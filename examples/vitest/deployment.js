// A deployment for all tests of a run. With `redisctl run cluster -- npx vitest run`, it is the deployment of `run`.
import { execFileSync } from 'node:child_process';

const topology = process.env.REDISCTL_TOPOLOGY ?? 'cluster';

export const redisctl = (...words) =>
  execFileSync('redisctl', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });

export function setup({ provide }) {
  const given = process.env.REDISCTL_NAME;
  const name = given ?? `vitest-${process.pid}`;
  const down = () => redisctl('down', name, '--volumes');
  if (!given) {
    try {
      // If this process is killed, the next run of redisctl removes the deployment after this time.
      redisctl('up', topology, '--name', name, '--port-base', 'auto', '--ttl', '30m');
    } catch (error) {
      down();
      throw error;
    }
  }
  provide('deployment', { name, ...JSON.parse(redisctl('env', name, '--output', 'json')) });
  return given ? undefined : down;
}
