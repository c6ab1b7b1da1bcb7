// A net/http server with the endpoints root and echo of merkhet's contract: ./server PORT
package main

import (
	"encoding/json"
	"io"
	"log"
	"net/http"
	"os"
)

// Go writes a []byte into JSON as base64, which is what the contract asks for.
type line [2][]byte

type received struct {
	Method   string `json:"method"`
	Target   []byte `json:"target"`
	Fields   []line `json:"fields"`
	Body     []byte `json:"body"`
	Trailers []line `json:"trailers"`
}

func lines(header http.Header) []line {
	found := []line{}
	for name, values := range header {
		for _, value := range values {
			found = append(found, line{[]byte(name), []byte(value)})
		}
	}
	return found
}

func echo(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, "the content cannot be read", http.StatusBadRequest)
		return
	}
	// net/http keeps Host apart from the other fields.
	fields := append([]line{{[]byte("Host"), []byte(r.Host)}}, lines(r.Header)...)
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(received{r.Method, []byte(r.RequestURI), fields, body, lines(r.Trailer)})
}

func root(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/" {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/plain")
	io.WriteString(w, "hello\n")
}

func main() {
	http.HandleFunc("/", root)
	http.HandleFunc("/echo", echo)
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Args[1], nil))
}
