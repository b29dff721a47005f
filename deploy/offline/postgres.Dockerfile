# As postgres:17: the server, made ready at its first start from POSTGRES_USER, POSTGRES_PASSWORD and POSTGRES_DB.
FROM triglot-offline/base:13
RUN --mount=type=cache,target=/var/cache/apt,sharing=locked \
    --mount=type=cache,target=/var/lib/apt/lists,sharing=locked \
    mkdir -p /etc/postgresql-common && echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.conf \
    && apt-get update -qq && apt-get install -qq -y --no-install-recommends postgresql-17 > /dev/null
ENV PATH=/usr/lib/postgresql/17/bin:$PATH PGDATA=/var/lib/postgresql/data LANG=C.UTF-8
RUN install --directory --owner=postgres --group=postgres --mode=1777 $PGDATA /run/postgresql
COPY --chmod=755 postgres-entrypoint /usr/local/bin/docker-entrypoint.sh
VOLUME /var/lib/postgresql/data
USER postgres
STOPSIGNAL SIGINT
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["postgres"]
