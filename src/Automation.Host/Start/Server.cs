using System.Diagnostics;
using Automation.Dashboard.Access;
using Automation.Host.Configuration;
using Automation.Storage;
using Automation.Storage.Schema;
using Automation.Storage.Writes;

namespace Automation.Host.Start;

/// <summary>Builds the server from its parts and runs it until it is told to stop.</summary>
internal static class Server
{
    /// <summary>Runs the server.</summary>
    /// <returns>The process's exit code: 0 after a graceful stop, 1 where it could not start.</returns>
    public static async Task<int> RunAsync(string[] args)
    {
        var started = Stopwatch.GetTimestamp();
        var builder = CreateBuilder(args, Directory.GetCurrentDirectory());

        if (ConfigurationCheck.Check(builder.Configuration, Parts.Sections) is { Count: > 0 } problems)
            return Refuse(problems);

        Parts.AddTo(builder);
        await using var app = builder.Build();
        try
        {
            await StartAsync(app);
        }
        catch (Exception e) when (Explain(e) is { } reason)
        {
            return Refuse([reason]);
        }

        await Greeting.PrintAsync(app, Stopwatch.GetElapsedTime(started));
        await app.WaitForShutdownAsync();
        return 0;
    }

    /// <summary>What the server is built with, wherever its process was started.</summary>
    internal static WebApplicationBuilder CreateBuilder(string[] args, string currentDirectory) => WebApplication.CreateBuilder(new WebApplicationOptions
    {
        Args = args,
        ApplicationName = typeof(Server).Assembly.GetName().Name,
        ContentRootPath = ContentRoot.Find(currentDirectory, AppContext.BaseDirectory),
    });

    /// <summary>Opens the database and starts to listen.</summary>
    internal static async Task StartAsync(WebApplication app)
    {
        // The schema is brought up while the routes are mapped; the host waits for it before anything else starts.
        var opening = Task.Run(() => app.Services.GetRequiredService<Database>().OpenAsync(CancellationToken.None));
        Parts.MapTo(app);
        // Known before the first request can come: this much needs no database.
        if (app.Configuration["Automation:AdminKey"] is { Length: > 0 } key)
            await app.Services.GetRequiredService<ApiKeys>().EnsureAdministratorAsync(key, CancellationToken.None);
        await opening;
        await app.StartAsync();
    }

    /// <summary>Says in one sentence why a start failed, for the failures that a person can mend; null for a defect.</summary>
    private static string? Explain(Exception exception) => exception switch
    {
        SchemaTooNewException or StorageUnavailableException or Microsoft.Extensions.Options.OptionsValidationException => exception.Message,
        StartRefusedException => exception.Message,
        IOException { InnerException: Microsoft.AspNetCore.Connections.AddressInUseException } =>
            exception.Message + " Stop what is listening there, or choose another address with --urls http://127.0.0.1:PORT.",
        _ => null,
    };

    private static int Refuse(IReadOnlyList<string> problems)
    {
        Console.Error.WriteLine("Automation does not start:");
        foreach (var problem in problems)
            Console.Error.WriteLine("  " + problem);
        return 1;
    }
}

/// <summary>The server must not start; the message tells a person why and what to change.</summary>
internal sealed class StartRefusedException(string message) : Exception(message);
