import Glibc

/// The name of the machine, or of the container, in which the process runs (gethostname(2)).
package enum HostName {
    /// Empty where the system does not tell.
    package static var current: String {
        var text = [CChar](repeating: 0, count: 256)
        guard gethostname(&text, text.count - 1) == 0 else { return "" }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
