package store

import (
	"slices"
	"sync"
)

// Cache keeps the values last used, by the digest of the object they were decoded from. Objects never change,
// so neither do the values. It is safe for concurrent use.
type Cache[V any] struct {
	size int

	mutex   sync.Mutex
	entries []cacheEntry[V] // the one used last comes last
}

type cacheEntry[V any] struct {
	digest string
	value  V
}

// NewCache makes a cache of at most size values.
func NewCache[V any](size int) *Cache[V] { return &Cache[V]{size: size} }

// Get returns the value of a digest, which it loads where it is missing. Loads run at the same time, even of
// the same object: decoding one twice now and then costs less than making all wait for a slow store.
func (c *Cache[V]) Get(digest string, load func() (V, error)) (V, error) {
	if value, found := c.find(digest); found {
		return value, nil
	}
	value, err := load()
	if err == nil {
		c.add(digest, value)
	}
	return value, err
}

func (c *Cache[V]) find(digest string) (value V, found bool) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	at := c.index(digest)
	if at < 0 {
		return value, false
	}
	entry := c.entries[at]
	c.entries = append(slices.Delete(c.entries, at, at+1), entry)
	return entry.value, true
}

func (c *Cache[V]) add(digest string, value V) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.index(digest) >= 0 {
		return
	}
	if len(c.entries) == c.size {
		c.entries = slices.Delete(c.entries, 0, 1)
	}
	c.entries = append(c.entries, cacheEntry[V]{digest, value})
}

func (c *Cache[V]) index(digest string) int {
	return slices.IndexFunc(c.entries, func(entry cacheEntry[V]) bool { return entry.digest == digest })
}
