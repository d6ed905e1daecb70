# The images: target `store` is a member of a cluster, target `operator` runs clusters on Kubernetes and is the kubectl
# plugin as well. Both hold one program with the libraries that it is linked with, no shell and no packages, and run as
# user 65532 or any other.
#
#   docker build --target store -t holdfast .
#   docker build --target operator -t holdfast-operator .
#
# BINARIES=prebuilt takes the programs from dist/<architecture>/ of the build's folder instead of compiling them: they
# have to be linked against a C library not newer than Debian 12's.
ARG BINARIES=compiled
ARG RUST_IMAGE=docker.io/library/rust:1.95-bookworm
ARG DEBIAN_IMAGE=docker.io/library/debian:bookworm-slim

FROM ${RUST_IMAGE} AS compiled
RUN apt-get update && apt-get install -y --no-install-recommends libclang-dev && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
ENV HOLDFAST_CACHE_DIR=/cache CARGO_TARGET_DIR=/cache/target ROCKSDB_STATIC=1
# The image's own compiler, whatever the checkout asks rustup for.
RUN --mount=type=cache,target=/cache --mount=type=cache,target=/usr/local/cargo/registry \
    export RUSTUP_TOOLCHAIN="$(rustup toolchain list | head -n 1 | cut -d' ' -f1)" && \
    export ROCKSDB_LIB_DIR="$(store/storage/rocksdb/build-archive.sh)" && \
    cargo build --locked --release -p holdfast && \
    cargo build --locked --release -p holdfast-operator --bin holdfast-operator && \
    mkdir -p /out/programs && cp /cache/target/release/holdfast /cache/target/release/holdfast-operator /out/programs/ && \
    strip --strip-debug /out/programs/* && cp /etc/ssl/certs/ca-certificates.crt /out/

FROM ${DEBIAN_IMAGE} AS prebuilt
ARG TARGETARCH
COPY dist/${TARGETARCH}/ /out/programs/

FROM ${BINARIES} AS programs

# What the final images consist of, put together where there is a shell.
FROM ${DEBIAN_IMAGE} AS files
COPY --from=programs /out/ /out/
RUN set -eu; \
    for program in /out/programs/*; do \
      image=/images/$(basename "$program"); \
      mkdir -p "$image/usr/local/bin" "$image/etc/ssl/certs" "$image/tmp"; \
      chmod 1777 "$image/tmp"; \
      cp "$program" "$image/usr/local/bin/"; \
      chmod 755 "$image/usr/local/bin/"*; \
      for library in $(ldd "$program" | grep -o '/[^ ]*'); do \
        mkdir -p "$image$(dirname "$library")"; \
        cp -L "$library" "$image$library"; \
      done; \
      for certificates in /etc/ssl/certs/ca-certificates.crt /out/ca-certificates.crt; do \
        [ ! -e "$certificates" ] || cp -L "$certificates" "$image/etc/ssl/certs/"; \
      done; \
      echo 'holdfast:x:65532:65532:holdfast:/:/nonexistent' >"$image/etc/passwd"; \
      echo 'holdfast:x:65532:' >"$image/etc/group"; \
      echo 'hosts: files dns' >"$image/etc/nsswitch.conf"; \
    done; \
    if [ -e /images/holdfast ]; then \
      ln -s holdfast /images/holdfast/usr/local/bin/etcd; \
      # Anybody may write here, since the platform may choose the user; a volume usually lies on top.
      install -d -m 1777 /images/holdfast/var/lib/holdfast; \
    fi; \
    [ ! -e /images/holdfast-operator ] || ln -s holdfast-operator /images/holdfast-operator/usr/local/bin/kubectl-holdfast

FROM scratch AS store
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Holdfast" \
      org.opencontainers.image.description="A distributed key-value store that speaks etcd's API" \
      org.opencontainers.image.source="https://github.com/holdfast-dev/holdfast" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=files /images/holdfast/ /
ENV PATH=/usr/local/bin
WORKDIR /var/lib/holdfast
EXPOSE 2379 2380
USER 65532:65532
ENTRYPOINT ["/usr/local/bin/holdfast"]

FROM scratch AS operator
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Holdfast operator" \
      org.opencontainers.image.description="Runs Holdfast clusters on Kubernetes" \
      org.opencontainers.image.source="https://github.com/holdfast-dev/holdfast" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=files /images/holdfast-operator/ /
ENV PATH=/usr/local/bin
EXPOSE 8080
USER 65532:65532
ENTRYPOINT ["/usr/local/bin/holdfast-operator"]
