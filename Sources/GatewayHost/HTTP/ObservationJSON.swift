import Bytes
import GatewayCore

/// An observation for those who follow what goes on, as one line of JSON.
enum ObservationJSON {
    /// Its time, `event`, which is its name in log and metrics, level, client, address and words; a line of `/watch`
    /// says besides that it is one.
    static func bytes(
        _ observation: Observation, _ clientID: RawSpan, address: String?, isForWatch: Bool = false
    ) -> [UInt8] {
        var json = JSONText()
        json.object {
            $0.add("time", WallTime().text)
            if isForWatch { $0.add("kind", "observation") }
            $0.add("event", observation.kind.name)
            $0.add("level", ObservationText.level(of: observation.kind).map { "\($0)" })
            $0.add("client", clientID.isEmpty ? nil : ClientIDText.text(of: clientID.copy(of: 0..<clientID.byteCount)))
            $0.add("address", address)
            $0.add("text", ObservationText.words(for: observation.occurrence))
        }
        return json.bytes
    }
}
