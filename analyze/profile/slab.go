package profile

// slab hands out zeroed values from blocks: one allocation for many.
type slab[T any] struct{ free []T }

const slabBlock = 512

func (s *slab[T]) next() *T { return &s.take()[0] }

// take returns a slice of length and capacity 1, so that appending a second
// value moves it elsewhere.
func (s *slab[T]) take() []T {
	if len(s.free) == 0 {
		s.free = make([]T, slabBlock)
	}
	one := s.free[:1:1]
	s.free = s.free[1:]
	return one
}

// appendTo appends to a slice that mostly stays at one value.
func (s *slab[T]) appendTo(list []T, value T) []T {
	if list == nil {
		list = s.take()[:0]
	}
	return append(list, value)
}
