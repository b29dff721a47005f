# As versity/versitygw: S3 on a folder.
FROM go AS build
ARG VERSITYGW_VERSION=1.8.0
ENV CGO_ENABLED=0 GOCACHE=/var/cache/go-build
RUN --mount=type=cache,target=/var/cache/go-build --mount=type=cache,target=/go/pkg/mod \
    go install github.com/versity/versitygw/cmd/versitygw@v${VERSITYGW_VERSION}

FROM triglot-offline/base:13
COPY --from=build /go/bin/versitygw /usr/local/bin/versitygw
ENTRYPOINT ["versitygw"]
