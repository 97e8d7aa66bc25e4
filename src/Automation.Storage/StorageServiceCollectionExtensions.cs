using Automation.Storage;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers the database.</summary>
public static class StorageServiceCollectionExtensions
{
    /// <summary>
    /// Adds the <see cref="Database"/>, opened when the host starts: register it before whatever uses it. Options come
    /// from <c>Automation:Storage</c>.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="location">Which database, and where.</param>
    public static IServiceCollection AddAutomationStorage(this IServiceCollection services, Func<IServiceProvider, DatabaseLocation> location)
    {
        services.AddOptions<StorageOptions>().BindConfiguration("Automation:Storage").ValidateDataAnnotations().ValidateOnStart();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(s => new Database(
            s.GetRequiredService<DatabaseLocation>(),
            s.GetRequiredService<IOptions<StorageOptions>>().Value,
            s.GetRequiredService<TimeProvider>(),
            s.GetRequiredService<ILogger<Database>>()));
        services.TryAddSingleton(location);
services.AddHostedService<DatabaseOpener>();
        return services;
    }

    /// <summary>Opens the database before the other services start.</summary>
    private sealed class DatabaseOpener(Database database) : IHostedLifecycleService
    {
        public Task StartingAsync(CancellationToken cancellationToken) => database.OpenAsync(cancellationToken);

        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
