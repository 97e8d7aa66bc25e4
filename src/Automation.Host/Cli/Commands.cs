using System.CommandLine;

namespace Automation.Host.Cli;

/// <summary>The command line client: verbs that talk to a running server over HTTP.</summary>
internal static class Commands
{
    private static readonly Func<Command>[] All = [SendCommand.Create];

    /// <summary>Whether the first argument asks for the client; anything else is an argument of the server.</summary>
    public static bool IsVerb(string argument) => argument is "send" or "--help" or "-h" or "-?" or "--version";

    public static Task<int> RunAsync(string[] args)
    {
        var root = new RootCommand("Automation, a workflow engine triggered by webhooks. Without a command it runs the server.");
        foreach (var create in All)
            root.Add(create());
        return root.Parse(args).InvokeAsync();
    }
}
