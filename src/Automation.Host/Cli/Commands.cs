using System.CommandLine;

namespace Automation.Host.Cli;

/// <summary>The command line client: verbs that talk to a running server over HTTP.</summary>
internal static class Commands
{
    private static readonly Dictionary<string, Func<Command>> All = new(StringComparer.Ordinal)
    {
        ["send"] = SendCommand.Create,
        ["tail"] = TailCommand.Create,
        ["replay"] = ReplayCommand.Create,
        ["sources"] = SourcesCommand.Create,
        ["mappings"] = MappingsCommand.Create,
        ["verify"] = VerifyCommand.Create,
        ["backup"] = BackupCommand.Create,
    };

    /// <summary>Whether the first argument asks for the client; anything else is an argument of the server.</summary>
    public static bool IsVerb(string argument) => All.ContainsKey(argument) || argument is "--help" or "-h" or "-?" or "--version";

    public static async Task<int> RunAsync(string[] args)
    {
        var root = new RootCommand(
            "Automation, a workflow engine triggered by webhooks. Without a command it runs the server; the commands talk to a running one. "
            + "They end with 0 when done, 1 when the server refuses or something failed, 2 when the command line cannot be used, 3 when the server does not answer.");
        foreach (var create in All.Values)
            root.Add(create());
        var parsed = root.Parse(args);
        if (parsed.Errors.Count == 0)
            return await parsed.InvokeAsync();
        foreach (var error in parsed.Errors)
            await Console.Error.WriteLineAsync(error.Message);
        await Console.Error.WriteLineAsync($"See: {string.Join(' ', args.Take(1))} --help");
        return Exit.Misused;
    }
}
