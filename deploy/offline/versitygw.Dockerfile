# As versity/versitygw: S3 on a folder, with wget for health checks, which the official one has from Alpine.
FROM go AS build
ARG VERSITYGW_VERSION=1.8.0
ENV CGO_ENABLED=0 GOCACHE=/var/cache/go-build
RUN --mount=type=cache,target=/var/cache/go-build --mount=type=cache,target=/go/pkg/mod \
    go install github.com/versity/versitygw/cmd/versitygw@v${VERSITYGW_VERSION}

FROM triglot-offline/base:13
RUN --mount=type=cache,target=/var/cache/apt,sharing=locked \
    --mount=type=cache,target=/var/lib/apt/lists,sharing=locked \
    apt-get update -qq && apt-get install -qq -y --no-install-recommends wget > /dev/null
COPY --from=build /go/bin/versitygw /app/versitygw
ENTRYPOINT ["/app/versitygw"]
