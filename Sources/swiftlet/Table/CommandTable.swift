/// The one table of commands: parsing, help, completion and the manual page are made from it.
///
/// A new command is a file in `Commands` with its `entry`, which holds what it is called, its options and what carries
/// it out, and a line here.
enum CommandTable {
    /// In the order in which help texts list them.
    static let commands: [CommandEntry] = [
        RunCommand.entry,
        CheckCommand.entry,
        StatusCommand.entry,
        ClientsCommand.entry,
        TopCommand.entry,
        WatchCommand.entry,
        ReloadCommand.entry,
        DecodeCommand.entry,
        ReplayCommand.entry,
        ConfigCommand.entry,
        StoreCommand.entry,
        PubCommand.entry,
        SubCommand.entry,
        DiscoverCommand.entry,
        ConvertCommand.entry,
        CompletionCommand.entry,
        ManCommand.entry,
        HelpCommand.entry,
        VersionCommand.entry,
    ]

    /// What the program is, for the head of help and manual.
    static let description = """
        Swiftlet is an MQTT-SN 1.2 gateway: sensors speak MQTT-SN over UDP or a serial radio to it, and it
        speaks MQTT 3.1.1 to a broker for each of them.
        """

    static func command(_ name: String) -> CommandEntry? { commands.first { $0.name == name } }
}
