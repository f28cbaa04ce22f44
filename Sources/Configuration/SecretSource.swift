import GatewayCore

/// Where secrets are that a configuration file only names: in files and in variables of the process.
///
/// A value `file:PATH` is the content of a file without the line break at its end, `env:NAME` that of a variable, and
/// `text:…` whatever follows. In PATH, `${NAME}` stands for a variable, such as systemd's `${CREDENTIALS_DIRECTORY}`.
package struct SecretSource: Sendable {
    /// The value of a variable; nil where there is none.
    package var variable: @Sendable (String) -> String?
    /// The content of the file at a path, or why it cannot be had.
    package var file: @Sendable (String) -> Result<[UInt8], SecretError>

    package init(
        variable: @escaping @Sendable (String) -> String?,
        file: @escaping @Sendable (String) -> Result<[UInt8], SecretError>
    ) {
        (self.variable, self.file) = (variable, file)
    }

    /// For readers that may not look at anything but the text.
    package static let none = SecretSource { _ in
        nil
    } file: { _ in
        .failure(SecretError("may not be read here"))
    }
}

/// Why a secret cannot be had.
package struct SecretError: Error {
    /// Follows the name of the file.
    package var message: String

    package init(_ message: String) { self.message = message }
}

/// A secret, and where it was.
struct Secret: Equatable {
    var text: String
    /// The path of its file; nil where it stood in the configuration or in a variable.
    var file: String?
    /// Whether whoever may read the configuration knows it.
    var isInTheOpen = false
}

extension SecretSource {
    /// The value of a key in quotes, so that it stands for itself and nothing else.
    static func asItStands(_ quotedValue: String) -> String {
        let value = quotedValue.dropFirst()
        let isMisread = ["file:", "env:", "text:"].contains { value.hasPrefix($0) } || value.contains("${")
        return isMisread ? "\"text:" + value : quotedValue
    }

    /// What `value` stands for; throws what follows the key's name. In a template `${` is what it is meant for.
    func secret(_ value: String, isTemplate: Bool = false) throws(KeyFailure) -> Secret {
        let parts = value.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let rest = parts.count == 2 ? String(parts[1]) : ""
        switch parts[0] {
        case "file" where parts.count == 2: return try content(of: try path(rest))
        case "env" where parts.count == 2: return Secret(text: try variableValue(rest))
        case "text" where parts.count == 2: return Secret(text: rest, isInTheOpen: true)
        default:
            guard isTemplate || !value.contains("${") else {
                throw .wrong(
                    "would be taken as it stands, '${' and all: write \"env:NAME\" for a variable, \"file:PATH\" for"
                        + " the content of a file, or \"text:…\" where it is meant so")
            }
            return Secret(text: value, isInTheOpen: true)
        }
    }

    private func variableValue(_ name: String) throws(KeyFailure) -> String {
        guard let value = variable(name) else {
            throw .wrong("names the variable \(quoted(name)), which is not set")
        }
        return value
    }

    /// The path with its variables replaced, but for those of clients in a template.
    func path(_ text: String, isTemplate: Bool = false) throws(KeyFailure) -> String {
        var path = ""
        var rest = text[...]
        while let start = rest.firstRange(of: "${") {
            guard let end = rest[start.upperBound...].firstIndex(of: "}") else {
                throw .wrong("has a '${' without its '}' in \(quoted(text))")
            }
            let name = String(rest[start.upperBound..<end])
            path += rest[..<start.lowerBound]
            path += try variableInPath(name, isTemplate: isTemplate)
            rest = rest[rest.index(after: end)...]
        }
        path += rest
        guard !path.isEmpty else { throw .wrong("names no file behind 'file:'") }
        return path
    }

    private func variableInPath(_ name: String, isTemplate: Bool) throws(KeyFailure) -> String {
        guard isTemplate else { return try variableValue(name) }
        let ofClients = IdentityTemplate.variableNames
        if ofClients.contains(name) { return "${\(name)}" }
        guard let value = variable(name) else {
            let known = ofClients.map { "${\($0)}" }.joined(separator: ", ")
            throw .wrong("names the variable \(quoted(name)), which is not set; those of clients are \(known)")
        }
        return value
    }

    private func content(of path: String) throws(KeyFailure) -> Secret {
        switch file(path) {
        case .failure(let error): throw .wrong("names the file \(quoted(path)), which \(error.message)")
        case .success(let bytes):
            guard var text = String(validating: bytes, as: UTF8.self) else {
                throw .wrong("names the file \(quoted(path)), which is not UTF-8 text")
            }
            if text.hasSuffix("\r\n") || text.hasSuffix("\n") { text.removeLast() }
            return Secret(text: text, file: path)
        }
    }
}
