import { Cluster } from 'ioredis';
import { afterAll, beforeEach, expect, inject, test } from 'vitest';

import { redisctl } from './deployment.js';

const { name, REDIS_NODES, REDIS_USERNAME, REDIS_PASSWORD } = inject('deployment');

const nodes = REDIS_NODES.split(',').map((node) => {
  const colon = node.lastIndexOf(':');
  return { host: node.slice(0, colon), port: Number(node.slice(colon + 1)) };
});
const redis = new Cluster(nodes, { redisOptions: { username: REDIS_USERNAME, password: REDIS_PASSWORD } });

beforeEach(() => redisctl('reset', name));
afterAll(() => redis.quit());

const add = (cart, item) => redis.hincrby(`cart:${cart}`, item, 1);

test.each(['a', 'b', 'c'])('a new item is counted once: %s', async (cart) => {
  expect(await redis.hgetall(`cart:${cart}`)).toEqual({});
  expect(await add(cart, 'apple')).toBe(1);
});

test('the same item is counted again', async () => {
  await add('a', 'apple');
  expect(await add('a', 'apple')).toBe(2);
});
