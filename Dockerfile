# Images out of one build, --target broker (the last, so the default), --target operator and --target next, which is the
# broker as the version after this one: compiled from source in the first stage, unless programs/ has them, compiled and
# tested; in the others there is the program, the libraries that it is linked to, and nothing else: no shell, no package
# manager, nobody but the user that it runs as.
FROM debian:bookworm-slim AS build
WORKDIR /src
COPY .ci/install-deps .ci/
RUN .ci/install-deps build
COPY CMakeLists.txt CMakePresets.json program[s] ./
COPY proto proto
COPY broker broker
COPY operator operator
RUN cmake --preset image \
    && { [ -x milena ] || { cmake --build build/image --target milena milena-next milena-operator && mv build/image/bin/* .; }; }
RUN for program in milena milena-next milena-operator; do \
        install -D --strip $program /image/$program/usr/local/bin/${program%-next} \
        && ldd $program | grep -o '/[^ ]*' \
            | xargs cp --parents --dereference --target-directory /image/$program \
        && install -d /image/$program/etc \
        && echo 'milena:x:10001:10001::/var/lib/milena:' > /image/$program/etc/passwd \
        && echo 'milena:x:10001:' > /image/$program/etc/group || exit 1; \
    done \
    && install -d /data

FROM scratch AS operator
COPY --from=build /image/milena-operator /
USER 10001
EXPOSE 8080
ENTRYPOINT ["/usr/local/bin/milena-operator"]

FROM scratch AS place
COPY --from=build --chown=10001:10001 /data /var/lib/milena
# Data goes to ./data; metrics and health can be asked from outside.
ENV MILENA_METRICS_LISTENER=0.0.0.0:9644
USER 10001
WORKDIR /var/lib/milena
VOLUME /var/lib/milena
EXPOSE 9092 9644
ENTRYPOINT ["/usr/local/bin/milena"]
CMD ["broker"]

FROM place AS next
COPY --from=build /image/milena-next /

FROM place AS broker
COPY --from=build /image/milena /
