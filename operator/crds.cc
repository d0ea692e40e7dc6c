// Writes the CustomResourceDefinitions into the directory that it is given: `make crds`.
#include <cstdio>
#include <fstream>
#include <string>

#include "api/schema.h"

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fputs("usage: milena-crds DIRECTORY\n", stderr);
        return 2;
    }
    for (const milena::api::CrdFile& file : milena::api::crd_files()) {
        std::ofstream to(std::string(argv[1]) + "/" + file.name, std::ios::binary);
        to << file.text;
        if (!to.flush()) {
            std::fprintf(stderr, "milena-crds: cannot write %s/%s\n", argv[1], file.name.c_str());
            return 1;
        }
    }
    return 0;
}
