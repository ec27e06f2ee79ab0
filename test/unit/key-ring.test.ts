import assert from 'node:assert/strict';
import {
  KeyRing,
  keyIdOf,
  newKey,
  newSalt,
  unwrapKeys,
  wrapKeys,
  wrappingKey,
} from '../../lib/privacy/key-ring';

describe('keys of a store', () => {
  const salt = newSalt();
  const wrapping = wrappingKey('TEST-SECRET', salt);
  const wrapped = wrapKeys(wrapping, [
    { id: 1, purpose: 'index', key: newKey() },
    { id: 2, purpose: 'data', key: newKey() },
  ]);
  const ring = (): KeyRing => {
    const opened = KeyRing.open(wrapping, wrapped);
    assert.ok(opened);
    return opened;
  };

  for (const text of ['', '短', 'x'.repeat(199), '测试甲'.repeat(1000), '\u0000𠮷\r\n'])
    it(`seals and opens a text of ${text.length} characters to the letter`, () => {
      const keys = ring();
      const sealed = keys.seal(text, 'id:content');
      assert.equal(keys.unseal(sealed, 'id:content'), text);
      if (text) assert.equal(sealed.includes(text.slice(0, 20)), false);
    });
  it('compresses what repeats itself', () => {
    assert.ok(ring().seal('测试甲'.repeat(1000), 'p').length < 200);
  });
  it('never seals the same text to the same bytes', () => {
    assert.notDeepEqual(ring().seal('same', 'p'), ring().seal('same', 'p'));
  });
  it('a changed byte, or another place, does not open', () => {
    const sealed = ring().seal('content', 'a:content');
    assert.throws(() => ring().unseal(sealed, 'b:content'), { code: 'STORE' });
    for (let at = 0; at < sealed.length; at++) {
      const changed = Buffer.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ 1;
      assert.throws(() => ring().unseal(changed, 'a:content'), { code: 'STORE' }, `byte ${at}`);
    }
  });
  it('another secret does not open the ring', () => {
    assert.equal(KeyRing.open(wrappingKey('OTHER', salt), wrapped), undefined);
    assert.equal(KeyRing.open(wrappingKey('TEST-SECRET', newSalt()), wrapped), undefined);
  });
  it('under a new secret: old contents open, new ones get the new key, hashes stay', () => {
    const [old, before] = [ring(), ring().seal('before', 'p')];
    const bare = unwrapKeys(wrapping, wrapped);
    assert.ok(bare);
    const next = wrappingKey('NEW-SECRET', salt);
    const keys = KeyRing.open(next, wrapKeys(next, [...bare, { id: 3, purpose: 'data', key: newKey() }]));
    assert.ok(keys);
    assert.equal(keys.unseal(before, 'p'), 'before');
    assert.equal(keyIdOf(keys.seal('after', 'p')), 3);
    assert.equal(keys.hash('TESTR0001'), old.hash('TESTR0001'));
    assert.throws(() => old.unseal(keys.seal('after', 'p'), 'p'), { code: 'STORE' });
  });
  it('hashes depend on the key', () => {
    const other = KeyRing.open(wrapping, wrapKeys(wrapping, [{ id: 1, purpose: 'index', key: newKey() }]));
    assert.notEqual(other?.hash('TESTR0001'), ring().hash('TESTR0001'));
  });
});
