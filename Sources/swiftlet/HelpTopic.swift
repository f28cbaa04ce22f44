/// The help texts.
enum HelpTopic: String {
    case swiftlet = ""
    case run
    case check

    var text: String {
        switch self {
        case .swiftlet:
            """
            Swiftlet is an MQTT-SN 1.2 gateway: sensors speak MQTT-SN over UDP to it, and it speaks MQTT 3.1.1
            to a broker for each of them.

            usage: swiftlet run [options]     run the gateway until SIGTERM or SIGINT
                   swiftlet check FILE        say what is wrong in a configuration file
                   swiftlet --version         say which version this is
                   swiftlet COMMAND --help    say more about a command

            Without a configuration it listens on UDP port 1884 and expects a broker at mqtt://127.0.0.1:1883.
            """
        case .run:
            """
            usage: swiftlet run [--config FILE] [--listen udp://HOST:PORT]... [--broker mqtt://HOST:PORT]
                                [--log-level LEVEL] [--record FILE [--record-limit BYTES]]

              --config FILE             read this configuration file (see Config/gateway.toml for every key)
              --listen udp://HOST:PORT  listen here, instead of where the file says; may be repeated; the file's [[udp]]
                                        are not used then, nor their groups, forwarders and retry settings
              --broker mqtt://HOST:PORT connect to this broker, instead of the file's
              --log-level LEVEL         error, warning, info, debug or trace
              --record FILE             record everything the gateway is told, for 'simulate --replay FILE'; FILE must
                                        be new, and holds the content of all messages and the broker's password;
                                        the gateway waits for each write, so the disk must not be a slow one
              --record-limit BYTES      end the recording at this size, and go on without; default 67108864 (64 MiB)

            Exit codes: 0 stopped by a signal, 64 wrong arguments, 66 file not readable, 69 address not available,
            71 the system failed, 73 the recording cannot be created, 77 not permitted, 78 wrong configuration.
            """
        case .check:
            """
            usage: swiftlet check FILE

            Reads a configuration file and reports everything wrong in it as file:line:column: message.

            Exit codes: 0 the file is good, 66 it cannot be read, 78 something is wrong in it.
            """
        }
    }
}
