package bundle

import (
	"sync"
	"time"
)

// tellEvery is how often something that takes long tells how far it is.
const tellEvery = 3 * time.Second

// Tell calls tell now and every few seconds, with how long that has been, until end is called. end returns after the last
// call.
func Tell(tell func(elapsed time.Duration)) (end func()) {
	ended := make(chan struct{})
	var telling sync.WaitGroup
	telling.Go(func() {
		start := time.Now()
		ticker := time.NewTicker(tellEvery)
		defer ticker.Stop()
		for tell(0); ; tell(time.Since(start)) {
			select {
			case <-ticker.C:
			case <-ended:
				return
			}
		}
	})
	return func() {
		close(ended)
		telling.Wait()
	}
}
