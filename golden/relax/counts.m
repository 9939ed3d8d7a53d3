% Iteration counts of the released solvers (mkhodak/learning-to-relax @ 973a880), run by Octave:
%   L2R=/path/to/learning-to-relax octave counts.m > counts.json
% Right sides are whole numbers, so that they are the same everywhere. sor.m starts at zero, ssor_pcg.m
% at zero too; the heat equation advances by the exact solution and its solvers start at the last one.
1;
r = getenv('L2R');
addpath([r '/solvers']); addpath([r '/utils']);

% delsq(numgrid('S', N + 2)), which Octave lacks
function A = laplacian(N)
  e = ones(N, 1);
  T = spdiags([-e 2*e -e], -1:1, N, N);
  A = kron(speye(N), T) + kron(T, speye(N));
end

n = 100;
A = laplacian(10);
b = mod((0:n-1)' * 37, 11) - 5;
lines = {};
for c = [-0.14 -0.05 0 0.1 0.3 0.65]
  At = A + c * speye(n);
  for omega = [1 1.25 1.5 1.6 1.75 1.9]
    k = sor(At, b, zeros(n, 1), omega, 1e-8);
    [j, ~] = ssor_pcg(At, b, zeros(n, 1), omega, 1e-8);
    lines{end+1} = sprintf('  [%g, %g, %d, %d]', c, omega, k, j);
  end
end
printf('{"systems": [\n%s\n],\n', strjoin(lines, ",\n"));

% the settings of scripts/h2d.m
coefficient = @(t) max(.1*sin(2.*pi*t), -10.*sin(2.*pi*t));
forcing = @(t, x) 32.*bump(x, [.5+cos(16.*pi*t)/4., .5+sin(16.*pi*t)/4.], .125);
initial = @(x) bump(x, [.5, .5], .25);
lines = {};
for nx = [12 25]
  pde = Heat2D(coefficient, forcing, initial, nx, 1e-3);
  for i = 1:560
    [A, b] = pde.crank_nicolson_system();
    if mod(i, 40) == 1
      kappa = coefficient(pde.t + .5 * pde.dt);
      [~, ~, ~, plain] = pcg(A, b, 1e-8, 10000, [], [], pde.u);
      [one, ~] = ssor_pcg(A, b, pde.u, 1, 1e-8);
      [more, ~] = ssor_pcg(A, b, pde.u, 1.5, 1e-8);
      [most, ~] = ssor_pcg(A, b, pde.u, 1.9, 1e-8);
      lines{end+1} = sprintf('  [%d, %d, %.17g, %.17g, %d, %d, %d, %d]', ...
        nx, i - 1, kappa, norm(b), plain, one, more, most);
    end
    pde.update(A \ b);
  end
end
printf('"heat": [\n%s\n]}\n', strjoin(lines, ",\n"));
