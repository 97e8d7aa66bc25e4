using System.ComponentModel;
using System.Globalization;
using System.Linq.Expressions;
using System.Reflection;
using System.Runtime.ExceptionServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Automation.Jobs.Serialization;
using Automation.Jobs.Store;
using Automation.Jobs.Typed;
using Microsoft.Extensions.DependencyInjection;

namespace Automation.Jobs.Server;

/// <summary>An assembly whose public methods may be called by stored jobs.</summary>
internal sealed record TypedJobAssembly(Assembly Assembly);

/// <summary>Jobs that are stored as a call of a method: from an expression, and back to a call.</summary>
internal sealed class TypedJobs(IEnumerable<TypedJobAssembly> assemblies, IServiceProvider services, JobStore store, JobOptions options, TimeProvider clock)
{
    private readonly Assembly[] _assemblies = [.. assemblies.Select(a => a.Assembly).Distinct()];

    /// <summary>Reads a call out of an expression and evaluates its arguments.</summary>
    /// <exception cref="ArgumentException">It is no call of a public method that a job can make.</exception>
    public static InvocationData Describe(LambdaExpression expression, Type? target)
    {
        if (expression.Body is not MethodCallExpression call)
            throw new ArgumentException("A job is a call of one method, such as x => x.Send(1).", nameof(expression));
        var method = call.Method;
        if (!method.IsPublic || method.GetParameters().Any(p => p.ParameterType.IsByRef || typeof(Delegate).IsAssignableFrom(p.ParameterType)))
            throw new ArgumentException($"A job cannot call {method.Name}: it must be public and have no out, ref or delegate parameters.", nameof(expression));
        var type = method.IsStatic ? method.DeclaringType! : target ?? call.Object!.Type;
        var parameters = method.GetParameters();
        var arguments = new string?[parameters.Length];
        for (var i = 0; i < arguments.Length; i++)
        {
            if (!IsSpecial(parameters[i].ParameterType) && Evaluate(call.Arguments[i]) is { } value)
                arguments[i] = JobJson.Serialize(value, parameters[i].ParameterType == typeof(object) ? value.GetType() : parameters[i].ParameterType);
        }

        var queue = method.GetCustomAttribute<JobQueueAttribute>() ?? type.GetCustomAttribute<JobQueueAttribute>();
        return new InvocationData(
            TypeNames.Write(type), method.Name, [.. parameters.Select(p => TypeNames.Write(p.ParameterType))], arguments,
            queue?.Queue is { } name && name != JobQueues.Default ? name : null);
    }

    /// <summary>Finds what a stored job calls.</summary>
    /// <exception cref="JobLoadException">It cannot be called here.</exception>
    public JobCall Resolve(InvocationData data)
    {
        var type = TypeNames.Find(data.Type, _assemblies);
        if (type is null || !_assemblies.Contains(type.Assembly))
            throw new JobLoadException($"The type \"{data.Type}\" is in no assembly that is registered for jobs (AddJobsFrom).");
        var parameterTypes = data.ParameterTypes
            .Select(p => TypeNames.Find(p ?? "", [.. _assemblies, typeof(JobContext).Assembly]) ?? throw new JobLoadException($"The parameter type \"{p}\" cannot be found."))
            .ToArray();
        var method = FindMethod(type, data.Method, parameterTypes)
            ?? throw new JobLoadException($"The type \"{data.Type}\" has no method {data.Method}({string.Join(", ", data.ParameterTypes)}).");
        if (data.Arguments.Count != parameterTypes.Length)
            throw new JobLoadException($"{data.Method} takes {parameterTypes.Length} arguments; {data.Arguments.Count} are stored.");

        var retry = new JobRetryOptions { Attempts = options.RetryAttempts };
        (method.GetCustomAttribute<AutomaticRetryAttribute>() ?? type.GetCustomAttribute<AutomaticRetryAttribute>())?.ApplyTo(retry);
        return new TypedCall(this, data, type, method, parameterTypes, retry);
    }

    private static bool IsSpecial(Type type) => type == typeof(CancellationToken) || type == typeof(JobContext);

    private static object? Evaluate(Expression argument) => argument switch
    {
        ConstantExpression constant => constant.Value,
        _ => Expression.Lambda<Func<object?>>(Expression.Convert(argument, typeof(object))).Compile(preferInterpretation: true)(),
    };

    private static MethodInfo? FindMethod(Type type, string name, Type[] parameterTypes)
    {
        const BindingFlags Public = BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.FlattenHierarchy;
        foreach (var candidate in new[] { type }.Concat(type.GetInterfaces()))
        {
            foreach (var method in candidate.GetMethods(Public).Where(m => m.Name == name && m.GetParameters().Length == parameterTypes.Length))
            {
                if (Close(method, parameterTypes) is { } closed && closed.GetParameters().Select(p => p.ParameterType).SequenceEqual(parameterTypes))
                    return closed;
            }
        }

        return null;
    }

    /// <summary>A generic method's type arguments follow from the types of the parameters that name them.</summary>
    private static MethodInfo? Close(MethodInfo method, Type[] parameterTypes)
    {
        if (!method.IsGenericMethodDefinition)
            return method;
        var parameters = method.GetParameters();
        var arguments = new List<Type>();
        foreach (var generic in method.GetGenericArguments())
        {
            var index = Array.FindIndex(parameters, p => p.ParameterType == generic);
            if (index < 0)
                return null;
            arguments.Add(parameterTypes[index]);
        }

        try
        {
            return method.MakeGenericMethod([.. arguments]);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    private static object? ReadArgument(string? json, Type type)
    {
        if (json is null)
            return type.IsValueType ? Activator.CreateInstance(type) : null;
        try
        {
            var node = JsonNode.Parse(json, documentOptions: new JsonDocumentOptions { MaxDepth = 128 });
            return JobJson.WithoutTypeNames(node).Deserialize(type, JobJson.Options);
        }
        catch (JsonException e)
        {
            // Older writers put some values down without quotes.
            return type == typeof(object) || type == typeof(string) ? json : ReadRaw(json, type, e);
        }
    }

    private static object? ReadRaw(string text, Type type, JsonException error)
    {
        try
        {
            if (type == typeof(DateTime))
            {
                return DateTime.TryParseExact(text, "MM/dd/yyyy HH:mm:ss.ffff", CultureInfo.InvariantCulture, DateTimeStyles.None, out var time)
                    ? time
                    : DateTime.Parse(text.Trim('"'), CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind);
            }

            return TypeDescriptor.GetConverter(type).ConvertFromInvariantString(text.Trim('"'));
        }
        catch (Exception e) when (e is FormatException or NotSupportedException or ArgumentException)
        {
            throw new JobLoadException($"The argument {text} is no {type.Name}.", error);
        }
    }

    private sealed class TypedCall(TypedJobs jobs, InvocationData data, Type type, MethodInfo method, Type[] parameterTypes, JobRetryOptions retry)
        : JobCall(data.DisplayName, retry)
    {
        public override async Task RunAsync(JobRun run)
        {
            var arguments = new object?[parameterTypes.Length];
            for (var i = 0; i < arguments.Length; i++)
            {
                arguments[i] = parameterTypes[i] switch
                {
                    var t when t == typeof(CancellationToken) => run.Cancellation,
                    var t when t == typeof(JobContext) => new JobContext(run, Name, [.. data.Arguments.Select(a => a ?? "null")]),
                    var t => ReadArgument(data.Arguments[i], t),
                };
            }

            await using var held = await LockAsync(arguments, run);
            await using var scope = jobs.Services.CreateAsyncScope();
            var target = method.IsStatic ? null : ActivatorUtilities.GetServiceOrCreateInstance(scope.ServiceProvider, type);
            object? result;
            try
            {
                result = method.Invoke(target, arguments);
            }
            catch (TargetInvocationException e) when (e.InnerException is { } inner)
            {
                ExceptionDispatchInfo.Throw(inner);
                throw;
            }

            if (await ResultOf(result) is { } value)
                run.ResultJson = JobJson.Serialize(value);
        }

        private async ValueTask<JobLocks?> LockAsync(object?[] arguments, JobRun run)
        {
            var attribute = method.GetCustomAttribute<DisableConcurrentExecutionAttribute>() ?? type.GetCustomAttribute<DisableConcurrentExecutionAttribute>();
            if (attribute is null)
                return null;
            var resource = attribute.Resource is { } format
                ? string.Format(CultureInfo.InvariantCulture, format, arguments).ToLowerInvariant()
                : Name;
            return await JobLocks.AcquireAsync(jobs.Store, jobs.Clock, resource, TimeSpan.FromSeconds(attribute.TimeoutInSeconds), run.Cancellation);
        }

        private static async Task<object?> ResultOf(object? result)
        {
            if (result is ValueTask plain)
            {
                await plain;
                return null;
            }

            if (result?.GetType() is { IsGenericType: true } valueTask && valueTask.GetGenericTypeDefinition() == typeof(ValueTask<>))
                result = valueTask.GetMethod(nameof(ValueTask<int>.AsTask))!.Invoke(result, null);
            if (result is not Task task)
                return result;
            await task;
            var property = task.GetType().GetProperty(nameof(Task<int>.Result));
            // An async method without a result is a Task of a type that nobody else can see.
            return property is null || !property.PropertyType.IsVisible ? null : property.GetValue(task);
        }
    }

    private IServiceProvider Services => services;

    private JobStore Store => store;

    private TimeProvider Clock => clock;
}
