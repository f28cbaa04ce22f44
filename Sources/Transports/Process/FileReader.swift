import Glibc

/// Reads small files whole.
package enum FileReader {
    /// The content of the file at `path`; throws EFBIG when it has more than `maximumByteCount` octets.
    package static func read(path: String, maximumByteCount: Int) throws(IOError) -> [UInt8] {
        let operation = "read \(path)"
        let file = try OwnedDescriptor(open(path, O_RDONLY | O_CLOEXEC), operation: operation)
        var content: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = Glibc.read(file.value, &chunk, chunk.count)
            if count == 0 { return content }
            guard count > 0 else {
                if errno == EINTR { continue }
                throw IOError(operation: operation, code: errno)
            }
            guard count <= maximumByteCount - content.count else { throw IOError(operation: operation, code: EFBIG) }
            content.append(contentsOf: chunk[..<count])
        }
    }
}
