import Bytes
import Describe
package import JSON

/// The lines of `/watch` in words.
package struct WatchText {
    /// Whether the content of messages is told.
    private let showsPayload: Bool

    package init(showsPayload: Bool) { self.showsPayload = showsPayload }

    /// One datagram, packet or observation; its time is UTC, as the gateway told it.
    package func line(_ entry: JSONValue) -> String {
        "\(entry["time"].timeOfDay)  \(content(entry))"
    }

    private func content(_ entry: JSONValue) -> String {
        switch entry["kind"]?.string {
        case "datagram", "packet": passing(entry)
        case "observation": observation(entry)
        case "left_out": "… \(entry["count"].count) lines left out, as they were not read in time"
        default: entry.text
        }
    }

    private func passing(_ entry: JSONValue) -> String {
        let way = "\(name(entry, "from")) → \(name(entry, "to"))"
        let address = entry["address"]?.string.map { "  \(ForeignText.escaped(Array($0.utf8)))" } ?? ""
        return "\(way.padded(to: 22))  \(words(entry))\(address)"
    }

    /// `client` by its ClientId, where it is known.
    private func name(_ entry: JSONValue, _ end: String) -> String {
        guard entry[end]?.string == "client" else { return entry[end].shown }
        return entry["client"]?.string == nil ? "somebody" : entry["client"].shown
    }

    private func words(_ entry: JSONValue) -> String {
        guard let digits = entry["bytes"]?.string, let octets = Hexadecimal.octets(digits.utf8) else {
            return "octets that are no hexadecimal digits"
        }
        let span = octets.span
        let payload = showsPayload ? PayloadWords.text : PayloadWords.count
        guard entry["kind"]?.string == "packet" else { return DatagramWords.line(of: span.bytes, payload: payload) }
        return PacketWords.line(of: span.bytes, versionNamed: entry["version"]?.string, payload: payload)
    }

    private func observation(_ entry: JSONValue) -> String {
        let client = entry["client"]?.string == nil ? "" : "  client \(entry["client"].shown)"
        let address = entry["address"]?.string == nil ? "" : "  \(entry["address"].shown)"
        return "· \(entry["event"].shown): \(entry["text"].shown)\(client)\(address)"
    }
}
