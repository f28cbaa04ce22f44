// The target `TOML`: a configuration file gives settings, or errors that point into it and can be shown on a terminal.

import Bytes
import Configuration

/// What is wrong with reading `file` as a configuration; nil when nothing is.
func faultOfConfiguration(_ file: RawSpan) -> String? {
    let bytes = file.copy(of: 0..<file.byteCount)
    guard case .failure(let failure) = SettingsReader.read(bytes, file: "f") else { return nil }
    let errors = failure.errors
    guard !errors.isEmpty else { return "fails without an error" }
    guard errors.count <= SettingsReader.maximumErrorCount else { return "\(errors.count) errors" }
    let widths = lineWidths(of: bytes)
    var last = (line: 1, column: 1)
    for error in errors {
        guard widths.indices.contains(error.line - 1), (1...widths[error.line - 1] + 1).contains(error.column) else {
            return "points outside: \(error)"
        }
        guard (error.line, error.column) >= last else { return "out of order: \(failure)" }
        last = (error.line, error.column)
        guard !error.message.isEmpty else { return "says nothing: \(error)" }
        for scalar in error.message.unicodeScalars where scalar.value < 0x20 || scalar.value == 0x7F {
            return "would act on a terminal: \(error)"
        }
    }
    return nil
}

/// How many characters stand on each line, counted as an editor does: an octet that begins none belongs to the last.
private func lineWidths(of bytes: [UInt8]) -> [Int] {
    var widths = [0]
    for byte in bytes {
        if byte == UInt8(ascii: "\n") {
            widths.append(0)
        } else if byte & 0xC0 != 0x80 {
            widths[widths.count - 1] += 1
        }
    }
    return widths
}
