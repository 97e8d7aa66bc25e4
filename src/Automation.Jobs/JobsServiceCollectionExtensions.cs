using System.Reflection;
using Automation.Jobs;
using Automation.Jobs.Server;
using Automation.Jobs.Store;
using Automation.Jobs.Types;
using Automation.Storage;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers jobs.</summary>
public static class JobsServiceCollectionExtensions
{
    /// <summary>
    /// Adds the job clients and the server that runs jobs in this process; after <c>AddAutomationStorage</c>. Options
    /// come from <c>Automation:Jobs</c>.
    /// </summary>
    public static IServiceCollection AddAutomationJobs(this IServiceCollection services)
    {
        services.AddOptions<JobOptions>().BindConfiguration("Automation:Jobs").ValidateDataAnnotations().ValidateOnStart();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(s => JobStore.For(s.GetRequiredService<Database>(), s.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton<LocalWorkers>();
        services.TryAddSingleton(s => new JobTransitions(
            s.GetRequiredService<JobStore>(), s.GetRequiredService<LocalWorkers>(), s.GetRequiredService<TimeProvider>(), s.GetRequiredService<ILogger<JobTransitions>>()));
        services.TryAddSingleton(s => new JobClient(
            s.GetRequiredService<JobStore>(), s.GetRequiredService<LocalWorkers>(), s.GetRequiredService<JobTransitions>()));
        services.TryAddSingleton(s => new RecurringRuns(s.GetRequiredService<JobStore>(), s.GetRequiredService<JobTransitions>(), OptionsOf(s)));
        services.TryAddSingleton(s => new RecurringJobManager(
            s.GetRequiredService<JobStore>(), s.GetRequiredService<LocalWorkers>(), s.GetRequiredService<RecurringRuns>(), s.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton(s => new BackgroundJobClient(
            s.GetRequiredService<JobStore>(), s.GetRequiredService<LocalWorkers>(), s.GetRequiredService<JobTransitions>(), s.GetRequiredService<RecurringJobManager>()));
        services.TryAddSingleton(s => new JobBatches(
            s.GetRequiredService<JobStore>(), s.GetRequiredService<JobClient>(), s.GetRequiredService<JobTransitions>(), s.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton(s => new JobQueries(s.GetRequiredService<JobStore>(), s.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton(s => new JobHandlers(s.GetServices<JobHandlerRegistration>(), s, OptionsOf(s)));
        services.TryAddSingleton(s => new TypedJobs(
            s.GetServices<TypedJobAssembly>(), s, s.GetRequiredService<JobStore>(), OptionsOf(s), s.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton<JobMetrics>();
        services.TryAddSingleton(s => ActivatorUtilities.CreateInstance<JobTypeStats>(s));
        services.TryAddSingleton<QueueAlarm>();
        services.TryAddSingleton(s => ActivatorUtilities.CreateInstance<QueueWatch>(s, OptionsOf(s)));
        services.TryAddSingleton(s => ActivatorUtilities.CreateInstance<JobRunner>(s, OptionsOf(s)));
        services.TryAddSingleton(s => ActivatorUtilities.CreateInstance<JobCompleter>(s));
        services.TryAddSingleton(s => ActivatorUtilities.CreateInstance<ServerRegistry>(s, OptionsOf(s)));
        services.TryAddSingleton(s => ActivatorUtilities.CreateInstance<DelayedJobs>(s, OptionsOf(s)));
        services.TryAddSingleton(s => ActivatorUtilities.CreateInstance<RecurringScheduler>(s, OptionsOf(s)));
        services.TryAddSingleton(s => ActivatorUtilities.CreateInstance<JobMaintenance>(s, OptionsOf(s)));
        services.AddHostedService(s => ActivatorUtilities.CreateInstance<JobServer>(s, OptionsOf(s)));
        return services;
    }

    /// <summary>Registers the handler of the jobs of a name.</summary>
    /// <typeparam name="THandler">The handler; one instance for all its jobs.</typeparam>
    /// <param name="services">The services.</param>
    /// <param name="name">The name that is stored with the jobs. Renaming the class does not change it.</param>
    /// <param name="retry">How failed jobs are tried again; null for the defaults or the class's <see cref="AutomaticRetryAttribute"/>.</param>
    public static IServiceCollection AddJobHandler<THandler>(this IServiceCollection services, string name, Action<JobRetryOptions>? retry = null)
        where THandler : class, IJobHandler
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        services.TryAddSingleton<THandler>();
        var attribute = typeof(THandler).GetCustomAttribute<AutomaticRetryAttribute>();
        services.AddSingleton(new JobHandlerRegistration(name, typeof(THandler), retry ?? (attribute is null ? null : attribute.ApplyTo)));
        return services;
    }

    /// <summary>Lets stored jobs call the public methods of an assembly's types; of no other assembly they can.</summary>
    public static IServiceCollection AddJobsFrom(this IServiceCollection services, Assembly assembly)
    {
        ArgumentNullException.ThrowIfNull(assembly);
        return services.AddSingleton(new TypedJobAssembly(assembly));
    }

    private static JobOptions OptionsOf(IServiceProvider services) => services.GetRequiredService<IOptions<JobOptions>>().Value;
}
