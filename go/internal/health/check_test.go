package health_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"example.com/triglot/go/internal/health"
)

func TestCheckSaysWhatTheWorkerSays(t *testing.T) {
	status := http.StatusOK
	worker := httptest.NewServer(http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		if request.URL.Path != "/readyz" {
			response.WriteHeader(http.StatusNotFound)
			return
		}
		response.WriteHeader(status)
		response.Write([]byte("the worker is stopping"))
	}))
	defer worker.Close()
	_, port, _ := strings.Cut(worker.Listener.Addr().String(), ":")

	if err := health.Check(t.Context(), "0.0.0.0:"+port); err != nil {
		t.Errorf("error = %v; want none", err)
	}
	status = http.StatusServiceUnavailable
	if err := health.Check(t.Context(), "0.0.0.0:"+port); err == nil || !strings.Contains(err.Error(), "stopping") {
		t.Errorf("error = %v; want the worker's reason", err)
	}
	worker.Close()
	if err := health.Check(t.Context(), "0.0.0.0:"+port); err == nil {
		t.Error("no error; want that nobody answers")
	}
	if err := health.Check(t.Context(), ""); err == nil || !strings.Contains(err.Error(), "TRIGLOT_HEALTH_ADDRESS") {
		t.Errorf("error = %v; want the setting's name", err)
	}
}
