using Automation.Host.Cli;
using Automation.Host.Start;

// One executable: with a verb it is the command line client, without one it is the server.
return args is [var verb, ..] && Commands.IsVerb(verb)
    ? await Commands.RunAsync(args)
    : await Server.RunAsync(args);
