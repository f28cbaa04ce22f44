import Transports

/// What tells this machine from others for as long as it is installed, without telling which machine it is.
package struct MachineIdentity: Equatable, Sendable {
    /// The content of /etc/machine-id (machine-id(5)); nil where there is none. It is a secret of the machine's.
    private let machineID: [UInt8]?
    private let hostName: [UInt8]

    init(machineID: [UInt8]?, hostName: String) { (self.machineID, self.hostName) = (machineID, Array(hostName.utf8)) }

    /// That of the machine, or container, on which the process runs.
    package static var current: MachineIdentity {
        let content = try? FileReader.read(path: "/etc/machine-id", maximumByteCount: 4_096)
        let digits = content.map { $0.prefix { $0 != UInt8(ascii: "\n") } } ?? []
        // An image that waits for its first start says "uninitialized".
        let isWhole = digits.count == 32 && digits.allSatisfy { Character(Unicode.Scalar($0)).isHexDigit }
        return MachineIdentity(machineID: isWhole ? Array(digits) : nil, hostName: HostName.current)
    }

    /// The client identifier of the own broker connection of the gateway with that number: the same at every start,
    /// another one for each machine, name and number, and such as every broker takes (MQTT 3.1.1 §3.1.3.1).
    ///
    /// Of the machine id it shows 56 bits of a hash, as machine-id(5) asks of applications.
    package func sharedClientID(gatewayID: UInt8) -> [UInt8] {
        var material = Array("swiftlet broker.shared_client_id".utf8)
        for part in [machineID ?? [], hostName, [gatewayID]] {
            material.append(UInt8(truncatingIfNeeded: part.count))
            material += part
        }
        return Array("swiftlet-".utf8)
            + SHA256.hash(material).prefix(7).flatMap { octet in
                [octet >> 4, octet & 15].map { Array("0123456789abcdef".utf8)[Int($0)] }
            }
    }
}
