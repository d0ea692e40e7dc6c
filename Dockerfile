# The broker's image: compiled from source in the first stage; in the last there is the program, the libraries that it
# is linked to, and nothing else: no shell, no package manager, nobody but the user that it runs as.
FROM debian:bookworm-slim AS build
WORKDIR /src
COPY .ci/install-deps .ci/
RUN .ci/install-deps build
COPY CMakeLists.txt CMakePresets.json ./
COPY proto proto
COPY broker broker
COPY operator operator
RUN cmake --preset image && cmake --build build/image --target milena
RUN install -D --strip --target-directory /image/usr/local/bin build/image/bin/milena \
    && ldd build/image/bin/milena | grep -o '/[^ ]*' | xargs cp --parents --dereference --target-directory /image \
    && install -d /image/etc /data \
    && echo 'milena:x:10001:10001::/var/lib/milena:' > /image/etc/passwd \
    && echo 'milena:x:10001:' > /image/etc/group

FROM scratch
COPY --from=build /image /
COPY --from=build --chown=10001:10001 /data /var/lib/milena
# Data goes to ./data; metrics and health can be asked from outside.
ENV MILENA_METRICS_LISTENER=0.0.0.0:9644
USER 10001
WORKDIR /var/lib/milena
VOLUME /var/lib/milena
EXPOSE 9092 9644
ENTRYPOINT ["/usr/local/bin/milena"]
CMD ["broker"]
