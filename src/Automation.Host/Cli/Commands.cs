using System.CommandLine;
using System.CommandLine.Parsing;

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

    /// <summary>Whether the first argument can be no setting of the server, which are written --name, /name or name=value: a mistyped verb must not start one.</summary>
    public static bool IsWord(string argument) => argument.Length > 0 && argument[0] is not ('-' or '/') && !argument.Contains('=', StringComparison.Ordinal);

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
        if (!IsVerb(args[0]))
        {
            await Console.Error.WriteLineAsync($"There is no command \"{args[0]}\". There are: {string.Join(", ", All.Keys)}. See: --help");
            return Exit.Misused;
        }

        foreach (var error in parsed.Errors)
            await Console.Error.WriteLineAsync(Sentence(error));
        await Console.Error.WriteLineAsync($"See: {args[0]} --help");
        return Exit.Misused;
    }

    /// <summary>What is wrong with the command line; where it is a number that is none, the library would name a type of .NET.</summary>
    private static string Sentence(ParseError error)
    {
        if (error.SymbolResult is not { Tokens: [{ Value: var given }] } result)
            return error.Message;
        var (name, type) = (result, result.Parent) switch
        {
            (OptionResult { Option: var option }, _) => (option.Name, option.ValueType),
            (_, OptionResult { Option: var option }) => (option.Name, option.ValueType),
            (ArgumentResult { Argument: var argument }, _) => (argument.Name, argument.ValueType),
            _ => ("", typeof(string)),
        };
        type = Nullable.GetUnderlyingType(type) ?? type;
        return type == typeof(int) || type == typeof(long) ? $"{name} is \"{given}\"; a whole number is wanted."
            : type == typeof(double) ? $"{name} is \"{given}\"; a number is wanted, such as 2.5."
            : error.Message;
    }
}
