/// Which Swiftlet this is, in the words of `swiftlet --version`, of the metrics and of the page.
package struct Build: Equatable, Sendable, CustomStringConvertible {
    /// Semantic version of the product.
    package var version: String
    /// The first seven digits of the commit that `.ci/package` built; nil in a build by hand.
    package var commit: String?
    /// The processor's name, as Linux gives it.
    package var architecture: String
    /// The version of the compiler, and of the standard library where that is linked statically.
    package var swift: String

    package static let current = Build(
        version: "0.2.0", commit: BuildOrigin.commit, architecture: compiledArchitecture,
        swift: BuildOrigin.swift ?? compiledSwift)

    package var description: String {
        "swiftlet \(version) (\(commit ?? "no commit"), \(architecture), Swift \(swift))"
    }

    /// The same as one line of JSON; `commit` is null in a build by hand.
    package var json: String {
        #"{"version":"\#(version)","commit":\#(commit.map { "\"\($0)\"" } ?? "null"),"#
            + #""architecture":"\#(architecture)","swift":"\#(swift)"}"#
    }

    private static var compiledArchitecture: String {
        #if arch(x86_64)
            "x86_64"
        #elseif arch(arm64)
            "aarch64"
        #elseif arch(arm)
            "arm"
        #elseif arch(riscv64)
            "riscv64"
        #else
            "other"
        #endif
    }

    private static var compiledSwift: String {
        #if compiler(>=6.4)
            "6.4 or later"
        #elseif compiler(>=6.3)
            "6.3"
        #else
            "6.2"
        #endif
    }
}
