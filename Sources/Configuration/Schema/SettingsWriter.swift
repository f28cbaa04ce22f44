import GatewayCore

/// Writes settings as the file that would bring them: every key, its value, and nothing else.
package enum SettingsWriter {
    /// What stands in place of a secret.
    package static let mask = "********"

    /// TOML that `SettingsReader` accepts and, but for what is masked, reads as the same settings.
    package static func toml(_ settings: Settings, masksSecrets: Bool = true) -> String {
        var text = ""
        var section: Substring = ""
        for key in Schema.settings {
            guard let value = key.read(settings) else { continue }
            let current = key.path.prefix { $0 != "." }
            if current != section {
                text += (text.isEmpty ? "" : "\n") + "[\(current)]\n"
                section = current
            }
            text += line(of: key, value, masksSecrets: masksSecrets)
        }
        let links = settings.gateway.links
        for (listener, link) in zip(settings.host.listeners, links) {
            text += table("udp", of: Listener(endpoint: listener, link: link), by: Schema.listener)
        }
        for (port, link) in zip(settings.host.serialPorts, links.dropFirst(settings.host.listeners.count)) {
            var serial = Serial()
            serial.port = port
            serial.link = link
            let meaningless = Schema.keysOfFramings.filter { $0.framing != port.framing }.flatMap(\.paths)
            text += table("serial", of: serial, by: Schema.serial.filter { !meaningless.contains($0.path) })
        }
        for topic in settings.gateway.predefinedTopics.entries {
            text += table("topic", of: topic, by: Schema.topic)
        }
        for entry in settings.clients {
            text += table("client", of: entry, by: Schema.client, masksSecrets: masksSecrets)
        }
        return text
    }

    private static func table<Target>(
        _ name: String, of target: Target, by keys: [Key<Target>], masksSecrets: Bool = true
    ) -> String {
        keys.reduce(into: "\n[[\(name)]]\n") { text, key in
            if let value = key.read(target) { text += line(of: key, value, masksSecrets: masksSecrets) }
        }
    }

    private static func line<Target>(of key: Key<Target>, _ value: String, masksSecrets: Bool) -> String {
        if masksSecrets && key.isSecret { return line(key.path, tomlString(mask)) }
        return line(key.path, key.maybeElsewhere ? SecretSource.asItStands(value) : value)
    }

    private static func line(_ path: String, _ value: String) -> String {
        "\(path.drop { $0 != "." }.dropFirst()) = \(value)\n"
    }
}

/// `text` as a basic string of TOML 1.0, with its quotes.
package func tomlString(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"": result += "\\\""
        case "\\": result += "\\\\"
        case "\n": result += "\\n"
        case "\r": result += "\\r"
        case "\t": result += "\\t"
        default:
            let digits = String(scalar.value, radix: 16, uppercase: true)
            let isControl = scalar.value < 0x20 || 0x7F...0x9F ~= scalar.value
            let escape = "\\u" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
            result += isControl ? escape : String(scalar)
        }
    }
    return result + "\""
}
