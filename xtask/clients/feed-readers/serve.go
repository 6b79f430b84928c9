// Serves an API with the page's reader of the revocation feed: `GET /` with an access token, and `GET /ready`.
package main

import (
	"log"
	"net/http"
	"os"
	"strings"
)

func main() {
	http.HandleFunc("/ready", func(answer http.ResponseWriter, _ *http.Request) {
		if !revocations.UpToDate.Load() {
			answer.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	http.HandleFunc("/", func(answer http.ResponseWriter, request *http.Request) {
		token := strings.TrimPrefix(request.Header.Get("Authorization"), "Bearer ")
		if _, err := Verify(token); err != nil {
			http.Error(answer, err.Error(), http.StatusUnauthorized)
		}
	})
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
}
