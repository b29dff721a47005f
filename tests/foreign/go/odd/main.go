// Prints the id and the queue of Acme's odd contract, as JSON.
package main

import (
	"encoding/json"
	"os"

	odd "example.com/acme/odd/type"
)

func main() {
	made := []string{odd.FindID(&odd.Map{Key: "k", Flag: true}), odd.OddServiceTaskQueue}
	if err := json.NewEncoder(os.Stdout).Encode(made); err != nil {
		panic(err)
	}
}
