// Loader: turns what the metadata log delivers into images. Knows metadata transactions (KIP-868): what lies between
// begin and end counts when the end has come, or not at all. Owned by whoever reads the log.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "metadata/delta.h"

namespace milena::metadata {

class Loader {
  public:
    Loader() : image_(Image::empty()) {}

    // Forgets everything. The values of a snapshot follow by load(); load_end() makes the image of them.
    void load_begin();
    Result<void, std::string> load(const std::vector<Bytes>& values);
    Delta load_end(const Provenance& end);

    // The values of one batch of the log, which ends at `end`. Gives one delta for each image that is complete now:
    // none within a transaction. The error names the record that can't be read.
    Result<std::vector<Delta>, std::string> apply(const std::vector<Bytes>& values, const Provenance& end);

    // The newest image.
    const std::shared_ptr<const Image>& image() const { return image_; }
    bool is_in_transaction() const { return is_in_transaction_; }
    void abort_transaction();

    // Takes the outcome of records that were applied already, when they were decided.
    void advance(const Delta& delta) { image_ = delta.after; }

  private:
    ImageBuilder& builder();
    void finish(const Provenance& end, std::vector<Delta>& into);

    std::shared_ptr<const Image> image_;
    std::optional<ImageBuilder> builder_;  // of what is not in image_ yet
    bool is_in_transaction_ = false;
};

}  // namespace milena::metadata
