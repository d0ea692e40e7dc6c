# The broker's image: compiled from source in the first stage, with nothing but the program and its libraries in the last.
FROM debian:bookworm-slim AS build
WORKDIR /src
COPY .ci/install-deps .ci/
RUN .ci/install-deps build
COPY CMakeLists.txt CMakePresets.json ./
COPY proto proto
COPY broker broker
RUN cmake --preset release && cmake --build build/release --target milena
RUN strip --strip-unneeded -o milena build/release/bin/milena

FROM debian:bookworm-slim
COPY .ci/install-deps /tmp/
RUN /tmp/install-deps runtime && rm -rf /tmp/install-deps /var/lib/apt/lists/* \
    && useradd --uid 10001 --no-create-home milena \
    && install -d -o milena -g milena /var/lib/milena
COPY --from=build /src/milena /usr/local/bin/
# Data goes to ./data; metrics and health can be asked from outside.
ENV MILENA_METRICS_LISTENER=0.0.0.0:9644
USER 10001
WORKDIR /var/lib/milena
VOLUME /var/lib/milena
EXPOSE 9092 9644
ENTRYPOINT ["milena"]
CMD ["broker"]
