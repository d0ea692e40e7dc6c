# The broker's image: compiled from source in the first stage, with nothing but the program and its libraries in the last.
FROM debian:bookworm-slim AS build
WORKDIR /src
COPY .ci/install-deps .ci/
RUN .ci/install-deps build
COPY CMakeLists.txt CMakePresets.json ./
COPY broker broker
RUN cmake --preset release && cmake --build build/release --target milena
RUN strip --strip-unneeded -o milena build/release/bin/milena

FROM debian:bookworm-slim
COPY .ci/install-deps /tmp/
RUN /tmp/install-deps runtime && rm -rf /tmp/install-deps /var/lib/apt/lists/* \
    && useradd --uid 10001 --no-create-home milena \
    && install -d -o milena -g milena /var/lib/milena
COPY --from=build /src/milena /usr/local/bin/
USER 10001
VOLUME /var/lib/milena
EXPOSE 9092
ENTRYPOINT ["milena"]
CMD ["broker", "--override", "log.dirs=/var/lib/milena"]
