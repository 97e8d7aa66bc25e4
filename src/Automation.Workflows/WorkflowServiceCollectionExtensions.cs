using Automation.Jobs;
using Automation.Storage;
using Automation.Workflows;
using Automation.Workflows.Activities;
using Automation.Workflows.Execution;
using Automation.Workflows.Graph;
using Automation.Workflows.Management;
using Automation.Workflows.Queries;
using Automation.Workflows.Queries.Memory;
using Automation.Workflows.Retention;
using Automation.Workflows.Runtime;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers workflows.</summary>
public static class WorkflowServiceCollectionExtensions
{
    /// <summary>
    /// Adds workflows: definitions, the runtime, queries, and the loading of the workflows directory. Options come from
    /// <c>Automation:Workflows</c>. Register storage and jobs too; the database opens before the directory is read, and
    /// jobs run after.
    /// </summary>
    /// <param name="services">The services.</param>
    public static IServiceCollection AddAutomationWorkflows(this IServiceCollection services)
    {
        services.AddOptions<WorkflowOptions>().BindConfiguration("Automation:Workflows").ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<WorkflowEngineOptions>().BindConfiguration("Automation:Workflows:Engine").ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<RetentionOptions>().BindConfiguration("Automation:Workflows:Retention").ValidateDataAnnotations().ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<RetentionOptions>, RetentionOptionsValidator>());
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(s =>
        {
            var catalog = new ActivityCatalog();
            foreach (var add in s.GetServices<Action<ActivityCatalog>>())
                add(catalog);
            return catalog;
        });
        services.TryAddSingleton<DefinitionSource>();
        services.TryAddSingleton<IWorkflowSource>(s => s.GetRequiredService<DefinitionSource>());
        services.TryAddSingleton(s => new WorkflowCompiler(
            s.GetRequiredService<ActivityCatalog>(), s.GetRequiredService<IWorkflowSource>(), s.GetRequiredService<IOptions<WorkflowEngineOptions>>().Value,
            s.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton(s =>
        {
            var catalog = s.GetRequiredService<WorkflowCatalog>();
            var source = s.GetRequiredService<DefinitionSource>();
            return new WorkflowEngine(
                s.GetRequiredService<TimeProvider>(), s.GetRequiredService<IOptions<WorkflowEngineOptions>>().Value,
                id => catalog.FindPublished(id) is not null || source.IsPublished(id));
        });

        services.TryAddSingleton(s => new WorkflowCatalog(
            s.GetRequiredService<Database>(), s.GetRequiredService<WorkflowCompiler>(), s.GetRequiredService<IOptions<WorkflowOptions>>()));
        services.TryAddSingleton<TriggerIndexer>();
        services.TryAddSingleton<DefinitionFiles>();
        services.TryAddSingleton<InstanceStore>();
        services.TryAddSingleton<InstanceRemover>();
        services.TryAddSingleton<InstanceImporter>();
        services.TryAddSingleton<InstanceWaiters>();
        services.TryAddSingleton<BurstPlanner>();
        services.TryAddSingleton<BackgroundActivities>();
        services.TryAddSingleton<WorkflowEvents>();
        services.TryAddSingleton(s => new WorkflowDefinitionManager(
            s.GetRequiredService<Database>(), s.GetRequiredService<WorkflowCatalog>(), s.GetRequiredService<TriggerIndexer>(),
            s.GetRequiredService<InstanceRemover>(), s.GetRequiredService<DefinitionFiles>(), s.GetRequiredService<IOptions<WorkflowOptions>>(),
            s.GetRequiredService<TimeProvider>(), s.GetRequiredService<ILogger<WorkflowDefinitionManager>>()));
        services.TryAddSingleton(s => new WorkflowRuntime(
            s.GetRequiredService<Database>(), s.GetRequiredService<WorkflowCatalog>(), s.GetRequiredService<WorkflowDefinitionManager>(),
            s.GetRequiredService<WorkflowEngine>(), s.GetRequiredService<InstanceStore>(), s.GetRequiredService<BurstPlanner>(),
            s.GetRequiredService<InstanceWaiters>(), s.GetRequiredService<WorkflowEvents>(), s.GetRequiredService<JobClient>(),
            s.GetRequiredService<IOptions<WorkflowOptions>>(), s.GetRequiredService<TimeProvider>(), s.GetRequiredService<ILogger<WorkflowRuntime>>()));
        services.TryAddSingleton(s => new HttpTargets(s.GetRequiredService<Database>(), s.GetRequiredService<WorkflowCatalog>()));
        services.TryAddSingleton(s => new WorkflowFolder(
            s.GetRequiredService<WorkflowDefinitionManager>(), s.GetRequiredService<WorkflowCatalog>(), s.GetRequiredService<DefinitionFiles>(),
            s.GetRequiredService<IOptions<WorkflowOptions>>(), s.GetRequiredService<TimeProvider>(), s.GetRequiredService<ILogger<WorkflowFolder>>()));
        services.TryAddSingleton<DefinitionQueries>();
        services.TryAddSingleton<InstancesInMemory>();
        services.TryAddSingleton<InstanceQueries>();
        services.TryAddSingleton<JournalQueries>();
        services.AddSingleton(s => new ChoiceList(ChoiceLists.Workflows, _ => ValueTask.FromResult<IReadOnlyList<Choice>>(
            [.. s.GetRequiredService<WorkflowCatalog>().Published.Select(d => new Choice(d.Name ?? d.DefinitionId, d.DefinitionId)).OrderBy(c => c.Text, StringComparer.OrdinalIgnoreCase)])));
        services.AddHostedService(s => s.GetRequiredService<WorkflowFolder>());
        services.AddHostedService<WorkflowRecovery>();
        services.AddHostedService<CatalogRefresher>();
        services.AddHostedService<WorkflowConsole>();
        services.TryAddSingleton<RetentionSweep>();
        services.AddHostedService<RetentionSchedule>();

        services.AddJobHandler<ActivityJob>(WorkflowJobs.Activity, retry =>
        {
            retry.Attempts = WorkflowOptions.DefaultActivityAttempts - 1;
            retry.Delays = [TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30)];
        });
        services.AddJobHandler<ResumeJob>(WorkflowJobs.Resume);
        services.AddJobHandler<StartJob>(WorkflowJobs.Start);
        services.AddJobHandler<CancelJob>(WorkflowJobs.Cancel);
        services.AddJobHandler<ContinueJob>(WorkflowJobs.Continue);
        services.AddJobHandler<EventJob>(WorkflowJobs.Event);
        services.AddJobHandler<ChildRestedJob>(WorkflowJobs.ChildRested);
        services.AddJobHandler<TriggerJob>(WorkflowJobs.Trigger);
        services.AddJobHandler<RetentionJob>(WorkflowJobs.Retention);
        return services;
    }

    /// <summary>Adds a custom activity: a class with <see cref="ActivityAttribute"/> that definitions may use from then on.</summary>
    /// <typeparam name="TActivity">The activity.</typeparam>
    /// <param name="services">The services.</param>
    public static IServiceCollection AddWorkflowActivity<TActivity>(this IServiceCollection services)
        where TActivity : Activity, new()
    {
        services.AddSingleton<Action<ActivityCatalog>>(static catalog => catalog.Add<TActivity>());
        return services;
    }

    /// <summary>Adds every custom activity of an assembly: its classes with <see cref="ActivityAttribute"/>, found when the server starts.</summary>
    /// <param name="services">The services.</param>
    /// <param name="assembly">The assembly.</param>
    public static IServiceCollection AddWorkflowActivitiesFrom(this IServiceCollection services, System.Reflection.Assembly assembly)
    {
        ArgumentNullException.ThrowIfNull(assembly);
        services.AddSingleton<Action<ActivityCatalog>>(catalog => catalog.AddFrom(assembly));
        return services;
    }

    /// <summary>Adds what does the work of a background activity.</summary>
    /// <typeparam name="TActivity">Made once, from the services.</typeparam>
    /// <param name="services">The services.</param>
    /// <param name="activityTypes">The activity types that it works for, such as <c>Elsa.SendHttpRequest</c>.</param>
    public static IServiceCollection AddBackgroundActivity<TActivity>(this IServiceCollection services, params ReadOnlySpan<string> activityTypes)
        where TActivity : class, IBackgroundActivity
    {
        services.TryAddSingleton<TActivity>();
        foreach (var type in activityTypes)
            services.AddSingleton(new BackgroundActivityBinding(type, s => s.GetRequiredService<TActivity>()));
        return services;
    }
}
