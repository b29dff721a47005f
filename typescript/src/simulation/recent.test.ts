import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Recent } from './recent.js';

test('the values used last are kept', () => {
  const recent = new Recent<number>(2);
  recent.set('a', 1);
  recent.set('b', 2);
  assert.equal(recent.get('a'), 1);
  recent.set('c', 3);
  assert.deepEqual(
    ['a', 'b', 'c'].map((digest) => recent.get(digest)),
    [1, undefined, 3],
  );
});
