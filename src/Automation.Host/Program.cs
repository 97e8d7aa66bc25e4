using Automation.Host.Cli;
using Automation.Host.Start;

// One executable: with a verb it is the command line client, without one it is the server.
return args is [var first, ..] && (Commands.IsVerb(first) || Commands.IsWord(first))
    ? await Commands.RunAsync(args)
    : await Server.RunAsync(args);
