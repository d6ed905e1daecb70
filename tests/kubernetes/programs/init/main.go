// The first process of a pod's sandbox, of a node and of the cluster: it sleeps, and takes the exit status of what
// was left to it. A plain wait: it must not open files, use the network or end by itself.
package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	signals := make(chan os.Signal, 64)
	signal.Notify(signals, syscall.SIGCHLD, syscall.SIGTERM, syscall.SIGINT)
	for received := range signals {
		if received != syscall.SIGCHLD {
			os.Exit(0)
		}
		for {
			// Several children may have ended behind one signal.
			process, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil)
			if err == syscall.EINTR {
				continue
			}
			if err != nil || process <= 0 {
				break
			}
		}
	}
}
