using Automation.Intake;
using Automation.Intake.Events;
using Automation.Intake.Flow;
using Automation.Intake.Mapping;
using Automation.Intake.Replies;
using Automation.Intake.Replies.Activities;
using Automation.Intake.Routing;
using Automation.Intake.Sessions;
using Automation.Intake.Sources;
using Automation.Intake.Triggers;
using Automation.Intake.Webhooks;
using Automation.Workflows.Activities;
using Automation.Workflows.Management;
using Automation.Workflows.Runtime;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers the intake.</summary>
public static class IntakeServiceCollectionExtensions
{
    /// <summary>
    /// Adds sources, event log, mapping and routing; options come from <c>Automation:Intake</c>. Wants the database and an
    /// <see cref="IWorkflowStarter"/>; <see cref="UseAutomationWebhooks"/> puts it into the request pipeline.
    /// </summary>
    /// <param name="services">The services.</param>
    public static IServiceCollection AddAutomationIntake(this IServiceCollection services)
    {
        services.AddOptions<IntakeOptions>().BindConfiguration("Automation:Intake", b => b.ErrorOnUnknownConfiguration = true).ValidateDataAnnotations().ValidateOnStart();
        services.TryAddSingleton<IntakeOptionsValidator>();
        services.AddSingleton<IValidateOptions<IntakeOptions>>(s => s.GetRequiredService<IntakeOptionsValidator>());
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(s =>
        {
            _ = s.GetRequiredService<IOptions<IntakeOptions>>().Value;
            return s.GetRequiredService<IntakeOptionsValidator>().Presets!;
        });
        services.TryAddSingleton<SourceCatalog>();
        services.TryAddSingleton<OpenSources>();
        // One name, so that servers which share a database and its keys can read what the others have stored.
        services.AddDataProtection().SetApplicationName("Automation");
        services.TryAddSingleton<SourceStore>();
        services.TryAddSingleton(s => new SourceEditor(
            s.GetRequiredService<SourceCatalog>(), s.GetRequiredService<SourceStore>(), s.GetRequiredService<OpenSources>(), s.GetRequiredService<Automation.Storage.Database>(),
            s.GetRequiredService<TimeProvider>(), s.GetRequiredService<ILogger<SourceEditor>>()));
        services.TryAddSingleton<EventIds>();
        services.TryAddSingleton<EventStore>();
        services.TryAddSingleton<EventQueries>();
        services.TryAddSingleton<EventProgress>();
        services.TryAddSingleton<FlowStore>();
        services.TryAddSingleton<FlowControl>();
        services.TryAddSingleton<RoutingPreview>();
        services.TryAddSingleton(s => new EventJudge(s.GetRequiredService<RoutingPreview>(), s.GetRequiredService<MappingStore>(), s.GetRequiredService<MappingHistory>()));
        services.TryAddSingleton<VerificationExplainer>();
        services.TryAddSingleton(s => new EventActions(
            s.GetRequiredService<EventProgress>(), s.GetRequiredService<EventStore>(), s.GetRequiredService<EventBacklog>(), s.GetRequiredService<EventRouter>()));
        services.TryAddSingleton(s => new EventTrial(s.GetRequiredService<EventProgress>(), s.GetRequiredService<MappingStore>()));
        services.TryAddSingleton<ReplayStore>();
        services.TryAddSingleton(s => new EventReplays(
            s.GetRequiredService<Automation.Storage.Database>(), s.GetRequiredService<ReplayStore>(), s.GetRequiredService<EventStore>(), s.GetRequiredService<EventBacklog>(),
            s.GetRequiredService<MappingStore>(), s.GetRequiredService<TimeProvider>(), s.GetRequiredService<ILogger<EventReplays>>()));
        services.TryAddSingleton<EventRetention>();
        services.AddHostedService(s => s.GetRequiredService<EventRetention>());
        services.TryAddSingleton(s => RuleScripts.Create(s.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton(s => new MappingHistory(s.GetRequiredService<Automation.Storage.Database>(), s.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton(s => new MappingStore(
            s.GetRequiredService<IOptions<IntakeOptions>>(),
            s.GetRequiredService<IHostEnvironment>(),
            s.GetRequiredService<ExpressionCompiler>(),
            s.GetRequiredService<MappingHistory>(),
            s.GetRequiredService<Automation.Storage.Database>(),
            s.GetRequiredService<TimeProvider>(),
            s.GetRequiredService<ILogger<MappingStore>>(),
            s.GetService<WorkflowCatalog>(),
            s.GetRequiredService<SourceCatalog>()));
        services.AddWorkflowActivity<EventReceived>();
        services.AddSingleton<Action<ActivityCatalog>>(s => catalog => catalog.AddFamily<EventReceived>(new EventActivities(s.GetRequiredService<SourceCatalog>()).Family));
        services.TryAddSingleton<ReplyStore>();
        services.TryAddSingleton<ReplyDesk>();
        services.AddSingleton<IWorkflowEffectHandler, ReplyEffects>();
        services.TryAddSingleton(s => new ReplyFollower(s.GetRequiredService<ReplyDesk>(), s.GetService<WorkflowRuntime>(), s.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton(s => new SessionRouter(
            s.GetRequiredService<Automation.Storage.Database>(), s.GetRequiredService<EventProgress>(), s.GetRequiredService<ExpressionCompiler>(),
            s.GetService<WorkflowRuntime>(), s.GetService<WorkflowCatalog>()));
        services.AddHostedService<SessionStart>();
        services.AddWorkflowActivity<WaitForEvent>().AddWorkflowActivity<RespondToEvent>().AddWorkflowActivity<FlowAiReply>()
            .AddWorkflowActivity<Speak>().AddWorkflowActivity<PlayAudio>().AddWorkflowActivity<MixAudio>().AddWorkflowActivity<HangUp>().AddWorkflowActivity<Transfer>()
            .AddWorkflowActivity<BargeIn>().AddWorkflowActivity<ConfigureTranscription>()
            .AddWorkflowActivity<VapiToolResult>().AddWorkflowActivity<VapiAssistant>().AddWorkflowActivity<VapiTransferDestination>()
            .AddWorkflowActivity<DialogflowFulfillment>();
        services.TryAddSingleton<Perseverance>();
        services.TryAddSingleton<EventBacklog>();
        services.TryAddSingleton<EventDispatcher>();
        services.TryAddSingleton(s => new EventRouter(
            s.GetRequiredService<EventBacklog>(), s.GetRequiredService<EventDispatcher>(), s.GetRequiredService<Perseverance>(), s.GetRequiredService<MappingStore>(),
            s.GetRequiredService<Automation.Storage.Database>(), s.GetService<WorkflowEvents>(), s.GetRequiredService<IOptions<IntakeOptions>>(), s.GetRequiredService<TimeProvider>()));
        services.AddSingleton(s => new ChoiceList(ChoiceLists.Sources, _ => ValueTask.FromResult(EventActivities.Sources(s.GetRequiredService<SourceCatalog>()))));
        services.AddSingleton(s => new ChoiceList(ChoiceLists.EventTypes, cancellationToken =>
            EventActivities.TypesAsync(s.GetRequiredService<SourceCatalog>(), s.GetRequiredService<EventQueries>(), cancellationToken)));
        services.TryAddSingleton<WebhookIntake>();
        services.AddHostedService(s => s.GetRequiredService<SourceEditor>());
        services.AddHostedService(s => s.GetRequiredService<MappingStore>());
        services.AddHostedService<FlowPump>();
        services.AddHostedService(s => s.GetRequiredService<EventRouter>());
        services.AddHostedService(s => s.GetRequiredService<EventReplays>());
        services.AddHostedService<IntakeGate>();
        return services;
    }

    /// <summary>Answers <c>/webhooks/…</c>. Put it before everything else: events need no session, no routing and no scope.</summary>
    /// <param name="app">The application.</param>
    public static IApplicationBuilder UseAutomationWebhooks(this IApplicationBuilder app)
    {
        var intake = app.ApplicationServices.GetRequiredService<WebhookIntake>();
        return app.Use(next => context =>
            context.Request.Path.Value is { } path && path.StartsWith(WebhookIntake.Prefix, StringComparison.OrdinalIgnoreCase)
                ? intake.HandleAsync(context)
                : next(context));
    }

    /// <summary>Checks sources against their presets, and keeps the presets that it had to load for that.</summary>
    private sealed class IntakeOptionsValidator : IValidateOptions<IntakeOptions>
    {
        public PresetCatalog? Presets { get; private set; }

        public ValidateOptionsResult Validate(string? name, IntakeOptions options)
        {
            var errors = new List<string>();
            if (options.PublicUrl is { } url && !(Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"))
                errors.Add($"Automation:Intake:PublicUrl is \"{url}\"; an http or https address is wanted.");
            try
            {
                Presets = PresetCatalog.Load(options.PresetsDirectory);
                SourceCatalog.Build(options, Presets, errors);
            }
            catch (Exception e) when (e is FormatException or IOException or UnauthorizedAccessException)
            {
                errors.Add($"Automation:Intake:PresetsDirectory: {e.Message}");
            }

            return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
        }
    }
}
